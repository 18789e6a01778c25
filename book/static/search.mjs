// What the search page adds to Sphinx's own search. A plain script, so that it runs in a page opened as a file too.
"use strict";

if (location.protocol === "file:") {
  // a file may not read others
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  document.getElementById("opened-as-file").hidden = false;
}

// a section of that name comes before its page, the SQL of a model after the text that explains it
Scorer.score = ([page, , anchor, , score]) => (page.startsWith("book/models") ? score / 4 : score + (anchor ? 1 : 0));

// the text of a page, or of what an anchor names, from which an excerpt is cut
Search.htmlToText = (html, anchor) => {
  const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
  if (!article) return "…";
  const named = anchor ? article.querySelector(`#${CSS.escape(anchor.slice(1))}`) : null;
  // an index entry's anchor is empty and stands before what it names
  const part = named && !named.textContent.trim() ? named.closest("section") ?? article : named ?? article;
  part.querySelectorAll(".headerlink, .strip, script, style, svg, .copybtn").forEach((element) => element.remove());
  part.querySelectorAll("td, th, p, li, dt, dd, pre, h1, h2, h3, h4, summary").forEach((element) => element.append(" "));
  return part.textContent.replace(/\s+/g, " ").trim() || "…";
};

document.querySelector(".bd-search-container input[name=q]").focus();
