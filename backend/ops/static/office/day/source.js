// Asking the reports API, in the same session as the page.

/** The JSON of `url`; an Error with the server's sentence; to the sign-in page when the session is over. */
export const ask = async (url) => {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (answer.status === 401) {
    location.assign(`/admin/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new Error("登录已失效");
  }
  const told = await answer.json().catch(() => ({ message: "服务器没有给出可读的回答，请稍后重试。" }));
  if (!answer.ok) throw new Error(told.message);
  return told;
};
