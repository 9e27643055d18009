/** Three bugs as people make them, for chat.sim.ts to find: `npx ropewalk sim examples/chat/chat.sim.ts --plant lost-resume`. */
import { ConnectionDone } from "ropewalk";
import { Guest, GuestConnection } from "./guest.ts";
import { RememberingMember, RememberingRoom } from "./resume.ts";

/** `/since` counts for one name only: who hears that it is taken, and says it again, is taken for a newcomer. */
export class LostResumeRoom extends RememberingRoom {
  override buildProtocol(): RememberingMember {
    return new LostResumeMember(this);
  }
}

class LostResumeMember extends RememberingMember {
  override lineReceived(line: string): void {
    super.lineReceived(line);
    if (!line.startsWith("/since") && !this.room.listeners.has(this)) this.since = Number.POSITIVE_INFINITY;
  }
}

/** Who says goodbye is taken out of the list of listeners, but not who is lost. */
export class LeakyRoom extends RememberingRoom {
  override buildProtocol(): RememberingMember {
    return new LeakyMember(this);
  }
}

class LeakyMember extends RememberingMember {
  override connectionLost(reason: Error): void {
    const { listeners } = this.room;
    const wasListening = listeners.has(this);
    super.connectionLost(reason);
    if (wasListening && !(reason instanceof ConnectionDone)) listeners.add(this);
  }
}

/** What comes at once is taken for whole lines. */
export class SplitLineGuest extends Guest {
  override buildProtocol(): GuestConnection {
    return new SplitLineConnection(this);
  }
}

class SplitLineConnection extends GuestConnection {
  override dataReceived(data: Uint8Array): void {
    for (const line of new TextDecoder().decode(data).split("\r\n")) if (line !== "") this.lineReceived(line);
  }
}
