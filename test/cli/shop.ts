/** A service with something to look at and to change, for the manholes of the tests. */
import { Application, Service } from "ropewalk/app";

class Till extends Service {
  override name = "till";
  taken = 0;
  /** Makes it fail in a timer of its own, which it had before anybody came. */
  isFalling = false;
  override startService(): void {
    console.log("open");
    setInterval(() => {
      if (this.isFalling) throw new Error("The till falls");
    }, 10);
  }
  override stopService(): void {
    console.log(`taken: ${this.taken}`);
  }
}

export const application: Application = new Application({ name: "shop" });
void application.addService(new Till());
