import type { Clock } from "../../../core/time/clock.ts";
import { Response } from "../../../protocols/web/message/response.ts";
import { checkHealth, type HealthReport } from "../../health.ts";
import { isServiceParent, type ServiceLike } from "../../service.ts";

/** What a probe asks: whether the program does its work, or whether it can be given any. */
export type Question = "ok" | "ready";

/** 200 or 503. Only those who may look learn which service it is. */
export async function healthAnswer(
  clock: Clock,
  tree: ServiceLike | undefined,
  question: Question,
  mayLook: boolean,
): Promise<Response> {
  if (tree === undefined || !isServiceParent(tree)) return Response.json({ [question]: true });
  const report = await checkHealth(clock, tree);
  const isGood = question === "ok" ? report.ok : report.ok && report.ready;
  const body: Partial<HealthReport> = mayLook ? { ...report, [question]: isGood } : { [question]: isGood };
  return Response.json(body, { status: isGood ? 200 : 503 });
}
