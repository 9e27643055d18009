/** A task was asked for something after its end. The subclass says which end. */
export class TaskFinishedError extends Error {
  override readonly name: string = "TaskFinishedError";
}

/** The task came to its own end. */
export class TaskDoneError extends TaskFinishedError {
  override readonly name: string = "TaskDoneError";
  constructor() {
    super("The task is done");
  }
}

/** The task's `stop` was called. */
export class TaskStoppedError extends TaskFinishedError {
  override readonly name: string = "TaskStoppedError";
  constructor() {
    super("The task was stopped");
  }
}

/** The task threw, or a Deferred that it yielded failed: that is the `cause`. */
export class TaskFailedError extends TaskFinishedError {
  override readonly name: string = "TaskFailedError";
  constructor(cause: unknown) {
    super("The task failed", { cause });
  }
}

/** The whole Cooperator was stopped. */
export class CooperatorStoppedError extends TaskFinishedError {
  override readonly name: string = "CooperatorStoppedError";
  constructor() {
    super("The Cooperator was stopped");
  }
}

/** `resume` was called more often than `pause`. */
export class TaskNotPausedError extends Error {
  override readonly name: string = "TaskNotPausedError";
  constructor() {
    super("Cannot resume the task: it is not paused");
  }
}
