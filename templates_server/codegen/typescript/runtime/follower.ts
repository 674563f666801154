const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40_000;
/** Two answers never follow each other faster than that. */
const SHORTEST_REST_MSEC = 1000;
/** Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely. */
const EARLY_MSEC = 10_000;
const LONGEST_REST_MSEC = 25_000;
/** For how long a tab waits for its turn before it asks without one: where it wants to know at once, and otherwise. */
const EAGER_MSEC = 100;
const PATIENT_MSEC = 60_000;
/** The answer of a server that does not know the session, any more or yet. */
const UNKNOWN = 404;
/** A server that does not know the session that it has just begun is asked less often. */
const FAILURES_OF_A_NEW_SESSION = 4;

/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew with what it
 * was begun with. Of a browser's tabs one at a time waits at the server; it
 * tells the others when it hears of a change.
 */
class Follower {
  private readonly runner: SessionRunner;
  private readonly pauses: Pauses;
  private run: Run | null = null;
  /** Of what is asked, or is about to be. */
  private aborter: Aborter | null = null;
  /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
  private send: ((waitSeconds: number) => Promise<void> | null) | null = null;
  private endTurn: (() => void) | null = null;
  private cancelPause: (() => void) | null = null;
  private stopWatching: (() => void) | null = null;
  private channel: Channel | null = null;
  private away = true;
  private patience = 0;
  /** For how long the server was to wait with the latest answer. */
  private waitSeconds = 0;
  /** When was asked or answered last. */
  private last = -Infinity;
  private lost = false;
  /** Whether the session was begun anew, and has not lasted yet. */
  private isNew = false;
  private failures = 0;

  constructor(runner: SessionRunner, pauses: Pauses) {
    this.runner = runner;
    this.pauses = pauses;
  }

  follow(run: Run): void {
    this.stop();
    this.run = run;
    this.stopWatching = watchPage({
      hide: () => this.hide(),
      show: () => this.show(),
    });
    if (!isHidden()) this.show();
  }

  stop(): void {
    this.hide();
    this.endPause();
    this.stopWatching?.();
    this.run = null;
    this.lost = this.isNew = false;
    this.failures = 0;
  }

  private show(): void {
    if (!this.away) return;
    this.away = false;
    this.patience = EAGER_MSEC;
    const name = `${this.place}.${this.runner.client.apiKey}`;
    this.channel = openChannel(name, (revision) => this.hear(revision));
    this.go();
  }

  private hide(): void {
    this.away = true;
    this.channel?.close();
    this.channel = null;
    if (!this.aborter) return;
    this.endPause();
    this.aborter.abort();
    this.aborter = this.send = null;
    this.endTurn?.();
  }

  /** The server, as the tabs call it that ask it. */
  private get place(): string {
    const { host } = this.runner.client;
    return `mtribes.${host.replace(/^(\w+:\/+[^/]+).*/, "$1")}`;
  }

  /** Another tab has heard of a change. */
  private hear(revision: unknown): void {
    if (revision === this.run?.revision) return;
    this.patience = EAGER_MSEC;
    void this.send?.(0);
  }

  /** Asks, unless that is under way or has to wait. */
  private go(): void {
    const { run } = this;
    if (!run || this.away || this.aborter || this.cancelPause) return;
    const rest = this.last + SHORTEST_REST_MSEC - clock.now();
    if (rest > 0) return this.pause(Math.min(rest, SHORTEST_REST_MSEC));
    const aborter = (this.aborter = newAborter());
    const reply = this.lost
      ? this.begin(run, aborter)
      : this.poll(run, aborter);
    void reply.then((reply) => {
      if (this.aborter !== aborter) return;
      this.aborter = null;
      this.settle(run, reply);
    });
  }

  private begin(run: Run, aborter: Aborter): Promise<Reply> {
    this.last = clock.now();
    return this.runner.ask(run, aborter);
  }

  /** Waits for its turn and then at the server, or at neither. */
  private poll(run: Run, aborter: Aborter): Promise<Reply> {
    return new Promise((resolve) => {
      const send = (waitSeconds: number) => {
        if (this.send !== send) return null;
        this.send = null;
        this.endPause();
        this.patience = PATIENT_MSEC;
        this.waitSeconds = waitSeconds;
        this.last = clock.now();
        const reply = this.runner.poll(run, aborter, waitSeconds);
        void reply.then(resolve);
        return new Promise<void>((end) => {
          this.endTurn = end;
          void reply.then(() => end());
        });
      };
      this.send = send;
      const wait = () => send(CHANGES_WAIT_SECONDS);
      if (!this.channel) return void wait();
      this.pause(this.patience, () => void send(0));
      void takeTurn(this.place, aborter, wait);
    });
  }

  private settle(run: Run, reply: Reply): void {
    const served = readServed(reply);
    const passed = clock.now() - this.last;
    this.last = clock.now();
    if (this.lost ? served?.session : served || reply.status === 204) {
      this.take(run, served, passed);
    } else if (reply.status === UNKNOWN && !this.lost && !this.isNew) {
      this.lost = true;
      this.last = -Infinity;
      this.go();
    } else this.fail(reply);
  }

  private take(run: Run, served: Served | null, passedMsec: number): void {
    const { lost, waitSeconds } = this;
    const isNews = served !== null && served.revision !== run.revision;
    const isEarly = waitSeconds > 0 && passedMsec < EARLY_MSEC;
    let rest = SHORTEST_REST_MSEC;
    if (lost) this.isNew = true;
    else if (isNews || !isEarly) this.failures = 0;
    else rest = backOffMsec(++this.failures, LONGEST_REST_MSEC);
    if (!lost && waitSeconds && !isEarly) this.isNew = false;
    if (isNews && !lost && waitSeconds)
      this.channel?.postMessage(served.revision);
    this.lost = false;
    this.pause(rest);
    this.runner.take(run, served);
  }

  private fail(reply: Reply): void {
    const unknown = reply.status === UNKNOWN;
    const isNew = unknown && !this.lost;
    this.failures += isNew ? FAILURES_OF_A_NEW_SESSION : 1;
    this.lost = this.lost || unknown;
    this.cancelPause = this.pauses.afterFailure(this.failures, reply, () =>
      this.resume(),
    );
    this.runner.fail(reply);
  }

  private pause(milliseconds: number, call = () => this.resume()): void {
    const timer = afterIfStillThere(milliseconds, call);
    this.cancelPause = () => clock.clearTimeout(timer);
  }

  private endPause(): void {
    this.cancelPause?.();
    this.cancelPause = null;
  }

  private resume(): void {
    this.cancelPause = null;
    this.last = -Infinity;
    this.go();
  }
}
