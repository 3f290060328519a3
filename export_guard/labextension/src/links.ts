/** Stops links that lead outside and links that save to the computer. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { closed } from './notices.js';
import { staysInside } from './pure/links.js';
import { ITexts } from './tokens.js';

type Reason = 'download' | 'outside';

function reasonAgainst(anchor: HTMLAnchorElement | HTMLAreaElement): Reason | null {
  if (!anchor.hasAttribute('href')) {
    return null;
  }
  if (anchor.hasAttribute('download') || /^(blob|data|filesystem):/i.test(anchor.href)) {
    return 'download';
  }
  return staysInside(anchor.href, location.href) ? null : 'outside';
}

/** The link that a click fell on, in whatever shadow tree it stands. */
function linkOf(event: Event): HTMLAnchorElement | HTMLAreaElement | null {
  for (const target of event.composedPath()) {
    if (target instanceof HTMLAnchorElement || target instanceof HTMLAreaElement) {
      return target;
    }
  }
  return null;
}

export const links: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:links',
  description: 'Stops links that lead outside and links that save to the computer.',
  autoStart: true,
  requires: [ITexts],
  activate: (_app: JupyterFrontEnd, { t }: ITexts): void => {
    const refuse = (reason: Reason): void => {
      closed(
        reason,
        reason === 'download'
          ? t('Downloads are closed. Ask for a release to take results out.')
          : t('This link leads outside. A desk reaches nothing outside.')
      );
    };
    const check = (event: Event): void => {
      const link = linkOf(event);
      const reason = link && reasonAgainst(link);
      if (reason) {
        event.preventDefault();
        event.stopImmediatePropagation();
        refuse(reason);
      }
    };
    window.addEventListener('click', check, true);
    window.addEventListener('auxclick', check, true);

    // A script's click on a link that is in no document reaches no listener.
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement): void {
      const reason = reasonAgainst(this);
      if (reason) {
        refuse(reason);
      } else {
        click.call(this);
      }
    };
    const open = window.open;
    window.open = (url, target, features): Window | null => {
      if (url && String(url) !== 'about:blank' && !staysInside(String(url), location.href)) {
        refuse('outside');
        return null;
      }
      return open.call(window, url, target, features);
    };
  }
};
