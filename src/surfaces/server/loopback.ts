const NAMES = ['localhost', '::1', '[::1]']

/** Whether a host name or address is that of this machine alone. */
export function isLoopbackName(host: string): boolean {
  return NAMES.includes(host.toLowerCase()) || /^127(?:\.\d{1,3}){3}$/.test(host)
}
