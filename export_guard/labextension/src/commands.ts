/** Hides commands that a desk does not have, from menus, palette, toolbars and shortcuts. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { isDead } from './pure/dead.js';

export const commands: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:commands',
  description: 'Hides commands that a desk does not have.',
  autoStart: true,
  activate: ({ commands: registry }: JupyterFrontEnd): void => {
    // Lumino has no way to take a command back that another plugin added, and some are
    // added late (a kernel's help links), so the questions are answered here instead.
    const { isVisible, isEnabled, execute } = registry;
    registry.isVisible = (id, args) => !isDead(id) && isVisible.call(registry, id, args);
    registry.isEnabled = (id, args) => !isDead(id) && isEnabled.call(registry, id, args);
    registry.execute = (id, args) =>
      isDead(id)
        ? Promise.reject(new Error(`The command ${id} is closed on this desk.`))
        : execute.call(registry, id, args);
  }
};
