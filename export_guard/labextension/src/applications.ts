/** The named applications: a card in the launcher, a tab with a frame. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IFrame, MainAreaWidget } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import { ILauncher } from '@jupyterlab/launcher';

import { dataIcon } from './icons.js';
import { title } from './pure/format.js';
import { IDesk, ITexts } from './tokens.js';

export const OPEN = 'carrel:open-application';

function opened(name: string, label: string, url: string): MainAreaWidget<IFrame> {
  // Scripts, forms and windows stay off, as the server's own policy says; links keep the page's origin.
  const content = new IFrame({ sandbox: ['allow-same-origin'], referrerPolicy: 'no-referrer' });
  content.url = url;
  const widget = new MainAreaWidget({ content });
  widget.id = `carrel-application-${name}`;
  widget.title.label = label;
  widget.title.icon = dataIcon;
  widget.title.closable = true;
  return widget;
}

export const applications: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:applications',
  description: 'Opens the named applications of the engine.',
  autoStart: true,
  requires: [IDesk, ITexts],
  optional: [ILauncher, ICommandPalette],
  activate: async (
    app: JupyterFrontEnd,
    desk: IDesk,
    { chinese, t }: ITexts,
    launcher: ILauncher | null,
    palette: ICommandPalette | null
  ): Promise<void> => {
    const named = await desk.api.applications().catch(() => []);
    const label = (name: unknown): string =>
      title(named.find(each => each.name === name)?.title, chinese, String(name));
    const open = new Map<string, MainAreaWidget<IFrame>>();
    app.commands.addCommand(OPEN, {
      label: args => label(args['name']),
      icon: dataIcon,
      isVisible: args => named.some(({ name }) => name === args['name']),
      execute: args => {
        const name = named.find(each => each.name === args['name'])?.name;
        if (!name) {
          return;
        }
        let widget = open.get(name);
        if (!widget || widget.isDisposed) {
          const { baseUrl } = app.serviceManager.serverSettings;
          widget = opened(name, label(name), `${URLExt.join(baseUrl, name)}/`);
          open.set(name, widget);
          app.shell.add(widget, 'main');
        }
        app.shell.activateById(widget.id);
      }
    });
    const category = t('Applications');
    for (const { name } of named) {
      launcher?.add({ command: OPEN, args: { name }, category });
      palette?.addItem({ command: OPEN, args: { name }, category });
    }
  }
};
