/** Loads Carrel's texts once, in the language that JupyterLab itself is set to. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { Api } from './api.js';
import { asCatalogue, translator } from './pure/text.js';
import { ITexts } from './tokens.js';

/** A server that is slow to answer must not hold up the whole application. */
const PATIENCE_MS = 5000;

async function catalogue(api: Api, language: string): Promise<Record<string, string>> {
  const late = new Promise<unknown>(resolve => setTimeout(resolve, PATIENCE_MS, {}));
  try {
    return asCatalogue(await Promise.race([api.texts(language), late]));
  } catch {
    return {}; // English ids are readable texts.
  }
}

export const texts: JupyterFrontEndPlugin<ITexts> = {
  id: '@carrel/desk:texts',
  description: "Carrel's texts in JupyterLab's language.",
  autoStart: true,
  requires: [ITranslator],
  provides: ITexts,
  activate: async (app: JupyterFrontEnd, labTranslator: ITranslator): Promise<ITexts> => {
    const language = labTranslator.languageCode.replace('-', '_');
    const chinese = language.toLowerCase().startsWith('zh');
    const api = new Api(app.serviceManager.serverSettings);
    return { t: translator(chinese ? await catalogue(api, 'zh_CN') : {}), chinese };
  }
};
