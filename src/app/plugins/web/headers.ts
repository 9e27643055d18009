import { Deferred } from "../../../core/deferred/deferred.ts";
import { Headers } from "../../../protocols/web/message/headers.ts";
import { isPromiseLike } from "../../../protocols/web/message/promise-like.ts";
import type { Answer, Responder } from "../../../protocols/web/server/site.ts";

/** Sets fields of all answers. @throws TypeError for what is no `NAME: VALUE`. */
export function withHeaders(fields: readonly string[], responder: Responder): Responder {
  const added = fields.map(fieldOf);
  if (added.length === 0) return responder;
  const set = (answer: Answer): Answer => {
    for (const [name] of added) answer.headers.delete(name);
    for (const [name, value] of added) answer.headers.append(name, value);
    return answer;
  };
  return (request) => {
    const answer = responder(request);
    if (answer instanceof Deferred) return (answer as Deferred<Answer>).addCallback(set);
    return isPromiseLike(answer) ? answer.then(set) : set(answer);
  };
}

function fieldOf(field: string): readonly [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/s.exec(field) ?? [];
  if (name === undefined || value === undefined) throw new TypeError(`Cannot set header "${field}": want NAME: VALUE`);
  // Refuses names and values that no answer may have.
  new Headers().append(name, value);
  return [name, value];
}
