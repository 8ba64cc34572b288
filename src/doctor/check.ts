/** What `doctor` found about one thing. */
export interface Check {
  readonly about: string;
  /** `missing`: a command will fail for it. `unknown`: it could not be found out. */
  readonly state: 'ok' | 'warning' | 'missing' | 'unknown';
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}

/** Whether the present user may do what a kind of user does. */
export interface Granted {
  readonly user: string;
  /** Undefined where the cluster does not tell. */
  readonly may: boolean | undefined;
  /** Privileges that are not there, `manage on logs-…` for those on indices. */
  readonly lacks: readonly string[];
}
