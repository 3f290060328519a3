/** Short notices in the corner; the same one is not stacked. */

import { Notification } from '@jupyterlab/apputils';

const shown = new Map<string, string>();

/** Say why something is closed. `key` names the notice, so that a new one takes its place. */
export function closed(key: string, message: string): void {
  const before = shown.get(key);
  if (before && Notification.manager.has(before)) {
    Notification.dismiss(before);
  }
  shown.set(key, Notification.warning(message, { autoClose: 8000 }));
}
