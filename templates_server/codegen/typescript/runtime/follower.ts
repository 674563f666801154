const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40_000;
const CHANGES_PAUSE_MSEC = 1000;
/** The answer of a server that does not know the session, any more or yet. */
const UNKNOWN = 404;
/** A server that does not know the session that it has just begun is asked less often. */
const FAILURES_OF_A_NEW_SESSION = 4;

/**
 * Asks for changes of a session for as long as it runs unlocked. Where the
 * server no longer knows it, it is begun anew with what it was begun with.
 */
class Follower {
  private readonly runner: SessionRunner;
  private readonly pauses: Pauses;
  private aborter: Aborter | null = null;
  private endPause: (() => void) | null = null;
  private turn = 0;

  constructor(runner: SessionRunner, pauses: Pauses) {
    this.runner = runner;
    this.pauses = pauses;
  }

  follow(run: Run): void {
    this.stop();
    void this.ask(run, this.turn);
  }

  stop(): void {
    this.turn += 1;
    this.aborter?.abort();
    this.aborter = null;
    this.endPause?.();
    this.endPause = null;
  }

  private async ask(run: Run, turn: number): Promise<void> {
    let failures = 0;
    let lost = false;
    let justBegun = false;
    while (turn === this.turn) {
      this.aborter = newAborter();
      const reply: Reply = await (lost
        ? this.runner.ask(run, this.aborter)
        : this.runner.poll(run, this.aborter));
      if (turn !== this.turn) return;
      const served = readServed(reply);
      const usable = lost ? served?.session : served || reply.status === 204;
      if (usable) {
        if (!lost) failures = 0;
        justBegun = lost;
        lost = false;
        this.runner.take(run, served);
        if (turn === this.turn && !justBegun) await this.rest();
      } else if (reply.status === UNKNOWN && !lost && !justBegun) {
        lost = true;
      } else {
        failures += justBegun ? FAILURES_OF_A_NEW_SESSION : 1;
        lost = lost || reply.status === UNKNOWN;
        this.runner.fail(reply);
        await this.pauseAfter(failures, reply);
      }
    }
  }

  /** Two answers never follow each other faster than that. */
  private rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = afterIfStillThere(CHANGES_PAUSE_MSEC, resolve);
      this.endPause = () => clock.clearTimeout(timer);
    });
  }

  private pauseAfter(failures: number, reply: Reply): Promise<void> {
    return new Promise((resolve) => {
      this.endPause = this.pauses.afterFailure(failures, reply, resolve);
    });
  }
}
