/** Threads as forums write them, small enough to read. */

export const remark = "The knot held through the night, although the wind turned twice and the tide was high.";
const long = (who: string) => `${who} says: ${remark} ${remark}`;

const xenforoPost = (who: string, day: string, id: number) => `
<article class="message message--post js-post" data-author="${who}" id="js-post-${id}"><div class="message-inner">
<div class="message-cell message-cell--user"><section class="message-user"><div class="message-avatar"><a href="/members/${who}.1/"><img src="/a.png" alt=""></a></div>
<h4 class="message-name"><a href="/members/${who}.1/" class="username">${who}</a></h4><h5 class="userTitle">Old salt</h5><dl><dt>Joined</dt><dd>Jan 3, 2009</dd></dl></section></div>
<div class="message-cell message-cell--main"><header class="message-attribution"><a href="/threads/knots.7/post-${id}"><time datetime="2024-05-0${id}T10:00:00+0000">${day}</time></a><a>#${id}</a></header>
<div class="message-content"><article class="message-body"><div class="bbWrapper">${long(who)}<blockquote class="bbCodeBlock">quoted words<div class="bbCodeBlock-expandLink"><a>Click to expand...</a></div></blockquote></div></article></div>
<aside class="message-signature"><div class="bbWrapper">Knots are all I have.</div></aside><footer><a>Like</a><a>Reply</a></footer></div></div></article>`;

export const xenforo = `<!doctype html><html id="XF" lang="en" class="template-thread_view"><body><nav><a href="/">Forums</a></nav><h1>Knots</h1>
${xenforoPost("Ada", "May 1, 2024", 1)}${xenforoPost("Bo", "May 2, 2024", 2)}${xenforoPost("Cyd", "May 3, 2024", 3)}
<footer>Community software by somebody</footer></body></html>`;

const phpbbPost = (who: string, id: number) => `
<div id="p${id}" class="post has-profile bg2"><div class="inner"><dl class="postprofile"><dt><a href="./memberlist.php?mode=viewprofile&amp;u=${id}" class="username">${who}</a></dt><dd class="profile-posts">Posts: 12</dd></dl>
<div class="postbody"><div><h3><a href="#p${id}">Re: Knots</a></h3><ul class="post-buttons"><li><a href="./posting.php?mode=quote&amp;p=${id}">Quote</a></li></ul>
<p class="author"><a href="./viewtopic.php?p=${id}#p${id}">Post</a> by <strong><a href="./memberlist.php?u=${id}">${who}</a></strong> » Sun Dec 17, 2023 11:2${id} am</p>
<div class="content">${long(who)}</div><div class="signature">Sent from a lighthouse</div></div></div></div></div>`;

export const phpbb = `<!doctype html><html lang="en-gb"><body id="phpbb" class="nojs section-viewtopic"><h2 class="topic-title">Knots</h2>
<div id="page-body">${phpbbPost("Ada", 1)}${phpbbPost("Bo", 2)}</div></body></html>`;

const comment = (who: string) =>
  `<li class="comment js-comment"><div class="comment-text js-comment-text-and-form"><div class="comment-body js-comment-edit-hide"><span class="comment-copy">Did you wet the rope?</span> – <a href="/users/9/${who}" class="comment-user">${who}</a> <span class="relativetime-clean" title="2021-03-04 10:00:00Z">Mar 4</span></div></div></li>`;

export const questions = `<!doctype html><html lang="en"><body class="question-page unified-theme"><h1>Which knot holds?</h1>
<div id="question" class="question" data-score="12"><div class="js-vote-count">12</div><div class="post-layout"><div class="s-prose js-post-body" itemprop="text"><p>${long("Asker")}</p></div>
<div class="user-info"><div class="user-action-time">asked <span title="2021-03-03 09:00:00Z" class="relativetime">Mar 3, 2021 at 9:00</span></div><div class="user-details" itemprop="author"><a href="/users/1/asker">Asker</a><span>1,204</span></div></div>
<ul class="comments-list">${comment("dee")}</ul></div></div>
<div id="answers"><div id="answer-5" class="answer accepted-answer" data-score="31"><div class="post-layout"><div class="s-prose js-post-body" itemprop="text"><p>${long("Helper")}</p></div>
<div class="js-post-menu"><a href="/a/5">Share</a></div><div class="user-info"><span title="2021-03-05 09:00:00Z" class="relativetime">Mar 5, 2021 at 9:00</span><div class="user-details" itemprop="author"><a href="/users/2/helper">Helper</a></div></div>
<ul class="comments-list">${comment("eli")}${comment("fay")}</ul></div></div></div></body></html>`;

const topicPost = (who: string, id: number) =>
  `<div id="post_${id}" class="topic-body crawler-post"><div class="crawler-post-meta"><span class="creator" itemprop="author" itemscope><a href="/u/${who}"><span itemprop="name">${who}</span></a></span><span class="crawler-post-infos"><time datetime="2024-02-0${id}T08:00:00Z" class="post-time">February ${id}, 2024, 8:00am</time></span></div><div class="post" itemprop="text"><p>${long(who)}</p></div><div class="post-likes">3 Likes</div></div>`;

export const discourse = `<!doctype html><html lang="en"><head><meta name="generator" content="Discourse 3.4.0"></head><body class="crawler"><header><a href="/">Harbour talk</a></header><h1>Knots</h1>
${topicPost("ada", 1)}${topicPost("bo", 2)}${topicPost("cyd", 3)}<div id="related-topics">More like this</div></body></html>`;

const nested = (who: string, inner: string) =>
  `<div class="thing comment"><div class="entry"><p class="tagline"><a href="/user/${who}" class="author">${who}</a> <time datetime="2024-01-02T03:04:05+00:00" title="Tue Jan 2">2 years ago</time></p><form class="usertext"><div class="usertext-body"><div class="md"><p>${long(who)}</p></div></div></form><ul class="buttons"><li>reply</li></ul></div><div class="child">${inner}</div></div>`;

export const comments = `<!doctype html><html lang="en"><body><div class="commentarea">${nested("ada", nested("bo", nested("cyd", "")))}${nested("dee", "")}</div></body></html>`;

const plain = (who: string, id: number) =>
  `<section class="sc-x${id} kq"><div class="sc-b"><a href="/members/${who}">${who}</a><time datetime="2025-03-0${id}">${id} March 2025</time></div><div class="sc-c"><p>${long(who)}</p><p>${remark}</p></div><button>Reply</button></section>`;

export const nameless = `<!doctype html><html lang="en"><body><nav><a href="/">Home</a></nav><main><h1>Knots</h1>${["ada", "bo", "cyd", "dee"].map((who, at) => plain(who, at + 1)).join("")}</main></body></html>`;
