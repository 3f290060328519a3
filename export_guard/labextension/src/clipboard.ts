/** Limits what leaves and enters through the clipboard and by dragging. */

import { EditorView } from '@codemirror/view';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { SystemClipboard } from '@jupyterlab/apputils';
import { DocumentWidget } from '@jupyterlab/docregistry';

import { closed } from './notices.js';
import { count } from './pure/format.js';
import { type Kind, type Zone, copyLimit, isCodeFile, mayCopy, refusal } from './pure/limits.js';
import { IDesk, ITexts } from './tokens.js';

const EDITOR = '.cm-content';
const TYPED = 'input, textarea';
const PICTURES = 'img, svg, canvas, picture, video, object, embed, iframe';
/** A menu or a dialog acts on what had the focus before it. */
const PASSING = '.lm-Menu, .lm-MenuBar, .jp-Dialog, .jp-Toolbar, .lm-CommandPalette';

interface Selected {
  chars: number;
  pictures: boolean;
  zone: Zone;
  /** Whether the browser would copy markup too, and with it more than is seen. */
  markup: boolean;
}

class ClipboardGuard {
  /** Where the person last was. */
  private last: Element | null = null;
  /** A script asked for this copy and sets its own data; none is measured before that. */
  private scripted = false;
  private copying = false;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly desk: IDesk,
    private readonly texts: ITexts
  ) {
    const listen = (type: string, act: (event: never) => void): void =>
      window.addEventListener(type, act as EventListener, true);
    listen('focusin', (event: FocusEvent) => this.follow(event.target));
    listen('pointerdown', (event: PointerEvent) => this.follow(event.target));
    listen('copy', (event: ClipboardEvent) => this.onCopy(event));
    listen('cut', (event: ClipboardEvent) => this.onCopy(event));
    listen('dragstart', (event: DragEvent) => this.onDragStart(event));
    listen('paste', (event: ClipboardEvent) => this.onPaste(event));
    listen('dragover', (event: DragEvent) => this.onDragOver(event));
    listen('drop', (event: DragEvent) => this.onDrop(event));
    window.addEventListener('contextmenu', event => this.onContextMenu(event), true);
    window.addEventListener('copy', event => this.afterCopy(event));
    window.addEventListener('cut', event => this.afterCopy(event));
    this.guardScripts();
  }

  // Copying

  private onCopy(event: ClipboardEvent): void {
    this.copying = true;
    // A task of its own runs once the event is over, even when a listener ended its way.
    setTimeout(() => (this.copying = false));
    if (this.scripted) {
      return;
    }
    const selected = this.selectedAt(event.target);
    if (!mayCopy(selected, selected.zone, this.desk.limits)) {
      this.stop(event);
      this.refuseCopy(selected);
    } else if (selected.markup && selected.chars > 0) {
      this.stop(event);
      event.clipboardData?.setData('text/plain', String(window.getSelection()));
    }
  }

  private afterCopy(event: Event): void {
    // Without its own data the browser would copy all that the script selected.
    if (this.scripted && !event.defaultPrevented) {
      event.preventDefault();
    }
  }

  private onDragStart(event: DragEvent): void {
    const selected = this.selectedAt(event.target);
    if (event.target instanceof Element && event.target.matches(PICTURES)) {
      selected.pictures = true;
    }
    if (!mayCopy(selected, selected.zone, this.desk.limits)) {
      this.stop(event);
      this.refuseCopy(selected);
    } else if (selected.markup && event.dataTransfer) {
      const text = String(window.getSelection());
      event.dataTransfer.clearData();
      event.dataTransfer.setData('text/plain', text);
      event.stopImmediatePropagation();
    }
  }

  private refuseCopy({ chars, pictures, zone }: Omit<Selected, 'markup'>): void {
    const { t } = this.texts;
    this.desk.report('copy-blocked', chars);
    closed(
      'copy-blocked',
      pictures
        ? t('Pictures are not copied. To take results out, save them as files and ask for a release.')
        : t(
            'Not copied: {chars} characters, and at most {limit} may be copied here. ' +
              'To take results out, save them as files and ask for a release.',
            { chars: count(chars), limit: count(copyLimit(zone, this.desk.limits)) }
          )
    );
  }

  // Pasting and dropping

  private onPaste(event: ClipboardEvent): void {
    if (!this.mayEnter(event.clipboardData, 'paste-blocked')) {
      this.stop(event);
    }
  }

  private onDragOver(event: DragEvent): void {
    // Let files fall here, so that the drop can say why they are refused.
    if (event.dataTransfer?.types.includes('Files')) {
      this.stop(event);
      event.dataTransfer.dropEffect = 'copy';
    }
  }

  private onDrop(event: DragEvent): void {
    if (!this.mayEnter(event.dataTransfer, 'drop-blocked')) {
      this.stop(event);
    }
  }

  private mayEnter(data: DataTransfer | null, kind: Kind): boolean {
    if (!data) {
      return true;
    }
    const files = [...data.items].filter(item => item.kind === 'file').length;
    const chars = data.getData('text/plain').length;
    const refused = refusal({ chars, files }, this.desk.limits);
    if (!refused) {
      return true;
    }
    const bytes = [...data.files].reduce((sum, file) => sum + file.size, 0);
    this.desk.report(kind, refused === 'files' ? bytes : chars);
    const { t } = this.texts;
    closed(
      kind,
      refused === 'files'
        ? t('Uploads are closed. Ask for an import to bring a file in.')
        : this.tooLong(chars)
    );
    return false;
  }

  private tooLong(chars: number): string {
    return this.texts.t(
      'Not pasted: {chars} characters, and at most {limit} may be pasted. ' +
        'Ask for an import to bring a file in.',
      { chars: count(chars), limit: count(this.desk.limits.paste_chars) }
    );
  }

  // The browser's own menu saves and copies pictures.

  private onContextMenu(event: MouseEvent): void {
    const { target } = event;
    if (target instanceof Element && !target.closest(`${EDITOR}, ${TYPED}`)) {
      event.preventDefault();
    }
  }

  // Scripts of the application that use the clipboard themselves

  private guardScripts(): void {
    const guard = this;
    const execCommand = document.execCommand;
    document.execCommand = (command, ...rest): boolean => {
      this.scripted = /^(copy|cut)$/i.test(command);
      try {
        return execCommand.call(document, command, ...rest);
      } finally {
        this.scripted = false;
      }
    };
    const setData = DataTransfer.prototype.setData;
    DataTransfer.prototype.setData = function (this: DataTransfer, format, data): void {
      setData.call(this, format, guard.copying ? guard.shorten(data) : data);
    };
    // Cells carry their outputs, so they go from notebook to notebook and never to the system.
    Object.defineProperty(SystemClipboard.getInstance(), 'systemClipboard', { value: undefined });
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (!clipboard) {
      return; // Not there without HTTPS.
    }
    const { readText, writeText } = clipboard;
    clipboard.writeText = async (text): Promise<void> => {
      const allowed = this.shorten(text);
      if (allowed === text) {
        await writeText.call(clipboard, text);
      }
    };
    clipboard.write = async (): Promise<void> => {
      this.refuseCopy({ chars: 0, pictures: true, zone: 'shown' });
    };
    clipboard.readText = async (): Promise<string> => {
      const text = await readText.call(clipboard);
      if (refusal({ chars: text.length, files: 0 }, this.desk.limits) === null) {
        return text;
      }
      this.desk.report('paste-blocked', text.length);
      closed('paste-blocked', this.tooLong(text.length));
      return '';
    };
  }

  /** `data` if it may be copied from where the person last was, otherwise nothing. */
  private shorten(data: string): string {
    const selection = window.getSelection();
    const anchor = this.scripted || selection?.isCollapsed ? this.last : selection?.anchorNode;
    const zone = this.zoneOf(anchor ?? null);
    if (data.length <= copyLimit(zone, this.desk.limits)) {
      return data;
    }
    this.refuseCopy({ chars: data.length, pictures: false, zone });
    return '';
  }

  // What is selected, and where

  private follow(target: EventTarget | null): void {
    if (target instanceof Element && !target.closest(PASSING)) {
      this.last = target;
    }
  }

  private selectedAt(target: EventTarget | null): Selected {
    const focused = document.activeElement;
    if (focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement) {
      const chars = (focused.selectionEnd ?? 0) - (focused.selectionStart ?? 0);
      if (target === focused && chars > 0) {
        return { chars, pictures: false, zone: 'code', markup: false };
      }
    }
    const selection = window.getSelection();
    const anchor = selection?.anchorNode ?? (target instanceof Node ? target : null);
    const editor = elementOf(anchor)?.closest<HTMLElement>(EDITOR);
    const whole = editor?.contains(elementOf(selection?.focusNode ?? anchor));
    const view = editor && whole ? EditorView.findFromDOM(editor) : null;
    if (view) {
      const { main, ranges } = view.state.selection;
      const chars = ranges.every(range => range.empty)
        ? view.state.doc.lineAt(main.head).length + 1
        : ranges.reduce((sum, range) => sum + range.to - range.from, 0);
      return { chars, pictures: false, zone: this.zoneOf(editor ?? null), markup: false };
    }
    const text = selection ? String(selection) : '';
    const pictures = !!selection && !selection.isCollapsed && hasPictures(selection);
    return { chars: text.length, pictures, zone: 'shown', markup: true };
  }

  /** Code is what a person wrote: cells, prompts, source files, fields of forms. */
  private zoneOf(node: Node | null): Zone {
    const at = elementOf(node);
    if (at?.closest(TYPED)) {
      return 'code';
    }
    if (!at?.closest('.cm-editor')) {
      return 'shown';
    }
    if (at.closest('.jp-InputArea-editor, .jp-CodeConsole-promptCell')) {
      return 'code';
    }
    // A text file is code by its name only: a table opened as text is still data.
    for (const widget of this.app.shell.widgets('main')) {
      if (widget instanceof DocumentWidget && widget.node.contains(at)) {
        return isCodeFile(widget.context.path) ? 'code' : 'shown';
      }
    }
    return 'shown';
  }

  private stop(event: Event): void {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

function elementOf(node: Node | null): Element | null {
  return node instanceof Element ? node : (node?.parentElement ?? null);
}

function hasPictures(selection: Selection): boolean {
  for (let index = 0; index < selection.rangeCount; index += 1) {
    if (selection.getRangeAt(index).cloneContents().querySelector(PICTURES)) {
      return true;
    }
  }
  return false;
}

export const clipboard: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:clipboard',
  description: 'Limits what leaves and enters through the clipboard and by dragging.',
  autoStart: true,
  requires: [IDesk, ITexts],
  activate: (app: JupyterFrontEnd, desk: IDesk, texts: ITexts): void => {
    new ClipboardGuard(app, desk, texts);
  }
};
