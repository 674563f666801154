const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40_000;
const CHANGES_PAUSE_MSEC = 1000;
/** The answers after which asking again is of no use. */
const ENDS: readonly number[] = [401, 403, 404, 405, 410, 501];

/** Asks for changes of a session for as long as it runs unlocked. */
class Follower {
  private readonly transport: Transport;
  private readonly entities: Entities;
  private aborter: Aborter | null = null;
  private turn = 0;

  constructor(transport: Transport, entities: Entities) {
    this.transport = transport;
    this.entities = entities;
  }

  follow(run: Run): void {
    this.stop();
    void this.ask(run, this.turn);
  }

  stop(): void {
    this.turn += 1;
    this.aborter?.abort();
    this.aborter = null;
  }

  private async ask(run: Run, turn: number): Promise<void> {
    let failures = 0;
    while (turn === this.turn) {
      const reply = await this.poll(run);
      if (turn !== this.turn || ENDS.indexOf(reply.status) >= 0) return;
      const served = readServed(reply);
      failures = served || reply.status === 204 ? 0 : failures + 1;
      if (served && served.revision !== run.revision) {
        run.revision = served.revision;
        this.entities.serve(served.states);
        this.entities.announce();
      } else {
        await pause(failures ? backOffMsec(failures) : CHANGES_PAUSE_MSEC);
      }
    }
  }

  private poll(run: Run): Promise<Reply> {
    this.aborter = newAborter();
    const session = encodeURIComponent(String(run.session));
    const since = encodeURIComponent(run.revision);
    return this.transport.send({
      method: "GET",
      path: `/sessions/${session}/changes?since=${since}&wait=${CHANGES_WAIT_SECONDS}`,
      timeoutMsec: CHANGES_TIMEOUT_MSEC,
      aborter: this.aborter,
    });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    afterIfStillThere(milliseconds, resolve);
  });
}
