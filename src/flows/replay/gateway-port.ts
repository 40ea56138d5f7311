/** A gateway that a replay talks to over HTTP, in a process of its own. */
export interface RunningGateway {
  /** `http://127.0.0.1:PORT` */
  readonly address: string
  close(): Promise<void>
}

/** Starts a gateway that accepts the request's own time; given by the surface that starts the flow. */
export type StartGateway = () => Promise<RunningGateway>
