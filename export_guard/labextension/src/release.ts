/** **Ask for a release**: the only way to take files out of the desk. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { Widget } from '@lumino/widgets';

import { type Api, Refused, type Release } from './api.js';
import { releaseIcon } from './icons.js';
import { element } from './page.js';
import { size } from './pure/format.js';
import { portal, staysInside } from './pure/links.js';
import type { Translate } from './pure/text.js';
import { IDesk, ITexts } from './tokens.js';

const COMMAND = 'carrel:ask-for-release';
const LONGEST_PURPOSE = 2000;
const LONGEST_RECIPIENT = 200;

interface File {
  path: string;
  bytes: number | null;
}

/** The form: which files, what for, for whom; and the line that says what is wrong. */
class RequestForm extends Widget {
  private readonly boxes: HTMLInputElement[];
  private readonly purpose: HTMLTextAreaElement;
  private readonly recipient: HTMLInputElement;
  private readonly problem: HTMLElement;

  constructor(
    files: readonly File[],
    private readonly t: Translate
  ) {
    super();
    this.addClass('carrel-Request');
    this.boxes = files.map(file =>
      element('input', { type: 'checkbox', value: file.path, checked: true })
    );
    this.purpose = element('textarea', {
      className: 'jp-mod-styled',
      maxLength: LONGEST_PURPOSE,
      rows: 3
    });
    this.recipient = element('input', {
      className: 'jp-mod-styled',
      maxLength: LONGEST_RECIPIENT,
      type: 'text'
    });
    this.problem = element('p', { className: 'carrel-Request-problem' });
    this.problem.setAttribute('role', 'alert');
    this.node.append(
      element('p', {}, [
        t('The files are copied as they are now. A reviewer looks at them before they leave.')
      ]),
      this.fileList(files),
      element('label', {}, [t('Purpose'), this.purpose]),
      element('label', {}, [t('Intended recipient'), this.recipient]),
      this.problem
    );
  }

  get files(): string[] {
    return this.boxes.filter(box => box.checked).map(box => box.value);
  }

  get purposeText(): string {
    return this.purpose.value.trim();
  }

  get recipientText(): string {
    return this.recipient.value.trim();
  }

  /** What is still missing, as a line; empty when nothing is. */
  missing(): string {
    if (this.files.length === 0) {
      return this.t('Choose at least one file.');
    }
    if (!this.purposeText) {
      this.purpose.focus();
      return this.t('Say what the files are for.');
    }
    if (!this.recipientText) {
      this.recipient.focus();
      return this.t('Say who is to receive them.');
    }
    return '';
  }

  say(problem: string): void {
    this.problem.textContent = problem;
  }

  set busy(busy: boolean) {
    for (const field of [...this.boxes, this.purpose, this.recipient]) {
      field.disabled = busy;
    }
  }

  private fileList(files: readonly File[]): HTMLElement {
    const lines = files.map((file, index) =>
      element('li', {}, [
        element('label', {}, [
          this.boxes[index]!,
          element('span', { className: 'carrel-Request-path', title: file.path }, [file.path]),
          element('span', { className: 'carrel-Request-size' }, [
            file.bytes === null ? '' : size(file.bytes)
          ])
        ])
      ])
    );
    return element('fieldset', {}, [
      element('legend', {}, [this.t('Files')]),
      element('ul', {}, lines)
    ]);
  }
}

/** Stays open until the request is made, so that nothing typed is lost. */
class RequestDialog extends Dialog<unknown> {
  release: Release | null = null;
  private busy = false;

  constructor(
    private readonly form: RequestForm,
    private readonly send: () => Promise<Release>,
    private readonly t: Translate
  ) {
    super({
      title: t('Ask for a release'),
      body: form,
      buttons: [
        Dialog.cancelButton({ label: t('Cancel') }),
        Dialog.okButton({ label: t('Ask for a release') })
      ],
      focusNodeSelector: 'textarea'
    });
  }

  override resolve(index?: number): void {
    if (this.busy) {
      return;
    }
    if (index === 0) {
      super.resolve(index);
    } else {
      void this.submit(index);
    }
  }

  override reject(): void {
    // What is being copied is asked for; closing would only hide its number.
    if (!this.busy) {
      super.reject();
    }
  }

  private async submit(index: number | undefined): Promise<void> {
    const missing = this.form.missing();
    this.form.say(missing);
    if (missing) {
      return;
    }
    this.busy = this.form.busy = true;
    this.form.say(this.t('Copying the files …'));
    try {
      this.release = await this.send();
    } catch (problem) {
      this.form.say((problem instanceof Refused && problem.message) || this.t(NO_ANSWER));
    }
    this.busy = this.form.busy = false;
    if (this.release) {
      super.resolve(index);
    }
  }
}

const NO_ANSWER = 'The request could not be made. Try again, or tell an administrator.';

async function confirm(release: Release, t: Translate): Promise<void> {
  const named = release.url ?? '';
  const address =
    named && staysInside(named, location.href)
      ? named
      : PageConfig.getOption('hubHost') + portal(PageConfig.getOption('hubPrefix'));
  const link = element('a', { href: address, target: '_blank', rel: 'noopener' }, [
    t('Open the portal')
  ]);
  const body = new Widget({
    node: element('div', { className: 'carrel-Request' }, [
      element('p', {}, [t('Your request has the number {number}.', { number: release.number })]),
      element('p', {}, [t('Follow it in the portal, where it is also taken back.')]),
      element('p', {}, [link])
    ])
  });
  await new Dialog({
    title: t('The release is asked for'),
    body,
    buttons: [Dialog.okButton({ label: t('Close') })]
  }).launch();
}

export const release: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:release',
  description: 'Asks for a release of files.',
  autoStart: true,
  requires: [IDesk, ITexts, IDocumentManager, IDefaultFileBrowser],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    desk: IDesk,
    { t }: ITexts,
    documents: IDocumentManager,
    browser: IDefaultFileBrowser,
    palette: ICommandPalette | null
  ): void => {
    const inBrowser = (): File[] =>
      [...browser.selectedItems()]
        .filter(item => item.type !== 'directory')
        .map(item => ({ path: item.path, bytes: item.size ?? null }));
    const onScreen = (): File[] => {
      const context =
        app.shell.currentWidget && documents.contextForWidget(app.shell.currentWidget);
      return context
        ? [{ path: context.path, bytes: context.contentsModel?.size ?? null }]
        : [];
    };
    // The File menu is about the document on the screen, the file browser about its selection.
    const files = (origin: unknown): File[] => {
      const first = origin === 'menu' ? onScreen() : inBrowser();
      return first.length > 0 || origin !== 'menu' ? first : inBrowser();
    };

    app.commands.addCommand(COMMAND, {
      label: t('Ask for a release…'),
      caption: t('Ask for the selected files to be released'),
      icon: releaseIcon,
      isEnabled: args => files(args['origin']).length > 0,
      execute: async args => {
        const chosen = files(args['origin']);
        if (chosen.length === 0) {
          return;
        }
        const form = new RequestForm(chosen, t);
        const dialog = new RequestDialog(form, () => ask(desk.api, documents, form), t);
        await dialog.launch();
        if (dialog.release) {
          await confirm(dialog.release, t);
        }
      }
    });

    palette?.addItem({ command: COMMAND, category: t('Desk'), args: { origin: 'menu' } });

    const refresh = (): void => app.commands.notifyCommandChanged(COMMAND);
    browser.selectionChanged?.connect(refresh);
    app.shell.currentChanged?.connect(refresh);
  }
};

/** What is on the screen is what is asked for: unsaved changes are saved first. */
async function ask(api: Api, documents: IDocumentManager, form: RequestForm): Promise<Release> {
  for (const path of form.files) {
    const widget = documents.findWidget(path, null);
    const context = widget && documents.contextForWidget(widget);
    if (context?.model.dirty) {
      await context.save();
    }
  }
  return api.release(form.files, form.purposeText, form.recipientText);
}
