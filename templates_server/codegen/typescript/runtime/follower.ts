const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40_000;
const CHANGES_PAUSE_MSEC = 1000;
/** The answer of a server that does not know the session, any more or yet. */
const UNKNOWN = 404;
/** The answers after which asking again is of no use. */
const ENDS: readonly number[] = [400, 401, 403, UNKNOWN, 405, 410, 422, 501];

/**
 * Asks for changes of a session for as long as it runs unlocked. Where the
 * server no longer knows it, it is begun anew with what it was begun with.
 */
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
    let lost = false;
    let justBegun = false;
    while (turn === this.turn) {
      const reply = await (lost ? this.begin(run) : this.poll(run));
      if (turn !== this.turn) return;
      if (reply.status === UNKNOWN && !lost && !justBegun) {
        lost = true;
        continue;
      }
      if (ENDS.indexOf(reply.status) >= 0) return;
      const served = readServed(reply);
      if ((served && (served.session || !lost)) || reply.status === 204) {
        failures = 0;
        justBegun = lost;
        lost = false;
      } else {
        failures += 1;
      }
      if (failures || !served || !this.take(run, served)) {
        const least = failures ? backOffMsec(failures) : CHANGES_PAUSE_MSEC;
        await pause(Math.max(least, reply.retryAfterMsec));
      }
    }
  }

  /** Whether there was anything new. */
  private take(run: Run, served: Served): boolean {
    const known = run.revision;
    run.session = served.session ?? run.session;
    run.revision = served.revision;
    this.entities.serve(served.states);
    this.entities.announce();
    return run.revision !== known;
  }

  private begin(run: Run): Promise<Reply> {
    this.aborter = newAborter();
    return this.transport.send({
      method: "POST",
      path: "/sessions",
      body: run.body,
      timeoutMsec: START_TIMEOUT_MSEC,
      aborter: this.aborter,
    });
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
