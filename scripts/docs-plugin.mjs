// What the documentation site adds to TypeDoc: pages have the title of their first heading and the group of the list, lie at
// the place that they have in docs/, and what is no page is read in the repository.

import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Converter, DefaultTheme, DefaultThemeRenderContext, JSX, KindRouter } from "typedoc";
import { groups, repository } from "./docs-pages.mjs";
import { root } from "./steps.mjs";

const pictures = /\.(png|svg|jpe?g)$/;

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.renderer.defineRouter("disentangle", SiteRouter);
  app.renderer.defineTheme("disentangle", SiteTheme);
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page) => {
    const path = pathOf(page);
    const heading = /^# (.+)$/m.exec(page.content.map(({ text }) => text).join(""));
    page.name = (heading?.[1] ?? path).replaceAll("`", "");
    page.frontmatter.group = Object.keys(groups).find((title) => groups[title].includes(path));
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const pages = project.documents.map((page) => ({ path: pathOf(page), content: page.content }));
    for (const { path, content } of [{ path: "README.md", content: project.readme }, ...pages]) {
      for (const part of content) if (part.kind === "relative-link") toRepository(part, path, project, app.logger);
    }
  });
}

// TypeDoc would copy whatever a page links to into the site, and show a browser the bare source.
function toRepository(part, page, project, logger) {
  const file =
    part.target === undefined ? join(root, dirname(page), part.text) : project.files.resolve(part.target, project);
  if (typeof file !== "string" || pictures.test(file)) return;
  if (!existsSync(file)) logger.error(`${page} links to ${part.text}, which is not there`);
  part.kind = "text";
  part.text = `${repository}/${inRepository(file)}${part.targetAnchor ? `#${part.targetAnchor}` : ""}`;
}

function pathOf(page) {
  return inRepository(page.project.files.getReflectionPath(page));
}

function inRepository(file) {
  return relative(root, file).replaceAll("\\", "/");
}

class SiteRouter extends KindRouter {
  // The front page is the project; TypeDoc's second page of it lists everything and explains nothing.
  buildPages(project) {
    const pages = super.buildPages(project);
    this.fullUrls.set(project, "index.html");
    return pages.filter(({ url }) => url !== "modules.html");
  }

  getIdealBaseName(reflection) {
    if (!reflection.isDocument()) return super.getIdealBaseName(reflection).replace("/API.", "/");
    return pathOf(reflection)
      .replace(/^docs\//, "")
      .replace(/\.md$/, "")
      .replace(/^(\w+)\/README$/, "$1")
      .toLowerCase();
  }
}

class SiteTheme extends DefaultTheme {
  ContextClass = SiteContext;

  // A group of one page is that page; of a title goes here what stands before its colon; the one module is the API.
  buildNavigation(project) {
    return super.buildNavigation(project).map((group) => {
      const [only, ...others] = group.children;
      if (others.length === 0) return { ...only, text: group.text in groups ? group.text : only.text };
      if (group.text === "Decisions") return group;
      return { ...group, children: group.children.map((page) => ({ ...page, text: page.text.replace(/:.*/, "") })) };
    });
  }
}

class SiteContext extends DefaultThemeRenderContext {
  #ofApi = this.breadcrumbs;

  breadcrumbs = (reflection) =>
    reflection.isDocument()
      ? JSX.createElement("p", { class: "page-group" }, reflection.frontmatter.group)
      : this.#ofApi(reflection);
}
