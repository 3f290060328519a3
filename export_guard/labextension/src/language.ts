/** At the first start, JupyterLab speaks the language that the browser asks for. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { prefersChinese } from './pure/text.js';

const SETTINGS = '@jupyterlab/translation-extension:plugin';
const TRIED = 'carrel-language';

/** Once per tab, so that a setting which does not stick never reloads in a circle. */
function firstTry(): boolean {
  try {
    const first = sessionStorage.getItem(TRIED) === null;
    sessionStorage.setItem(TRIED, '1');
    return first;
  } catch {
    return false;
  }
}

export const language: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:language',
  description: 'Follows the language of the browser until a person chooses one.',
  autoStart: true,
  requires: [ISettingRegistry],
  activate: async (_app: JupyterFrontEnd, registry: ISettingRegistry): Promise<void> => {
    if (!prefersChinese(navigator.languages)) {
      return;
    }
    try {
      const settings = await registry.load(SETTINGS);
      const untouched =
        settings.user['locale'] === undefined && settings.composite['locale'] === 'default';
      if (untouched && firstTry()) {
        await settings.set('locale', 'zh_CN');
        location.reload();
      }
    } catch (problem) {
      console.warn('The language could not be set:', problem);
    }
  }
};
