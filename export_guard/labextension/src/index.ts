/** Carrel's desk in JupyterLab. What protects a project is the server; this shows and explains it. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { applications } from './applications.js';
import { budget } from './budget.js';
import { clipboard } from './clipboard.js';
import { commands } from './commands.js';
import { data } from './data.js';
import { desk } from './desk.js';
import { language } from './language.js';
import { links } from './links.js';
import { release } from './release.js';
import { texts } from './texts.js';
import { watermark } from './watermark.js';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  language,
  texts,
  desk,
  commands,
  links,
  release,
  data,
  applications,
  watermark,
  clipboard,
  budget
];

export default plugins;
