/** Requests to the desk's own server: same origin, with its XSRF token. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { Budget } from './pure/budget.js';
import type { Kind, Limits } from './pure/limits.js';
import type { Extract, Titles } from './pure/tree.js';

/** What `GET carrel/api/desk` tells. */
export interface DeskInfo {
  user: string;
  project: string;
  title?: Titles;
  expires?: string | null;
  time: string;
  extracts: Extract[];
  limits?: Partial<Limits>;
  budget?: Budget;
}

/** An application that the engine can serve. */
export interface Application {
  name: string;
  title: Titles;
}

/** What `POST carrel/api/releases` answers. */
export interface Release {
  number: string | number;
  url?: string;
}

/** The server refused, or did not answer; the message is a line to show, or empty. */
export class Refused extends Error {}

async function line(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const answer: unknown = JSON.parse(text);
    const message = (answer as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}

/** The desk's endpoints. */
export class Api {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  desk(): Promise<DeskInfo> {
    return this.ask<DeskInfo>('desk');
  }

  budget(): Promise<Budget> {
    return this.ask<Budget>('budget');
  }

  async applications(): Promise<Application[]> {
    return (await this.ask<{ applications: Application[] }>('applications')).applications;
  }

  texts(language: string): Promise<unknown> {
    return this.ask<unknown>('texts', { query: { language } });
  }

  release(files: string[], purpose: string, recipient: string): Promise<Release> {
    return this.ask<Release>('releases', { body: { files, purpose, recipient } });
  }

  async event(kind: Kind, size: number): Promise<void> {
    await this.ask('events', { body: { kind, size: Math.trunc(size) } });
  }

  private async ask<T>(
    name: string,
    options: { body?: unknown; query?: Record<string, string> } = {}
  ): Promise<T> {
    const query = options.query ? URLExt.objectToQueryString(options.query) : '';
    const url = URLExt.join(this.settings.baseUrl, 'carrel/api', name) + query;
    const init: RequestInit =
      options.body === undefined
        ? { method: 'GET' }
        : {
            method: 'POST',
            body: JSON.stringify(options.body),
            headers: { 'Content-Type': 'application/json' }
          };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch {
      throw new Refused('');
    }
    if (!response.ok) {
      throw new Refused(await line(response));
    }
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}
