/** Where a link may lead. */

/** Whether `href` stays on the page's own origin, and is a page rather than content in an address. */
export function staysInside(href: string, page: string): boolean {
  try {
    const target = new URL(href, page);
    return (
      target.origin === new URL(page).origin &&
      (target.protocol === 'http:' || target.protocol === 'https:')
    );
  } catch {
    return false;
  }
}

/** The portal's address, from the hub's: both stand under the same prefix. */
export function portal(hubPrefix: string): string {
  const base = hubPrefix.replace(/hub\/?$/, '');
  return `${base.startsWith('/') ? base : '/'}services/portal/`.replace(/\/{2,}/g, '/');
}
