// The passkey ceremony: the one thing on these pages that cannot be done without a script.
// A button `data-passkey="get|create"` asks its form's challenge, lets the device answer, and sends the form with it.

const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

const toBase64Url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const opened = (options) => {
  const known = (keys) => (keys || []).map((key) => ({ ...key, id: fromBase64Url(key.id) }));
  const publicKey = { ...options, challenge: fromBase64Url(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: fromBase64Url(options.user.id) };
  if (options.excludeCredentials) publicKey.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) publicKey.allowCredentials = known(options.allowCredentials);
  return { publicKey };
};

const written = (credential) => {
  const { response } = credential;
  const answer = { clientDataJSON: toBase64Url(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) answer[part] = toBase64Url(response[part]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toBase64Url(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

const ceremony = async (button) => {
  const { form } = button;
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const asked = await fetch(button.dataset.challenge, { method: "POST", body, redirect: "error" });
  if (!asked.ok) throw new Error(asked.statusText);
  const options = opened(await asked.json());
  form.elements.answer.value = written(await navigator.credentials[button.dataset.passkey](options));
  form.action = button.formAction;
  form.submit();
};

for (const button of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
  const place = button.closest("[data-passkey-place]");
  const trouble = place.querySelector("[data-passkey-trouble]");
  place.querySelector("[data-passkey-without]").hidden = true;
  button.hidden = false;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    trouble.hidden = button.disabled = true;
    ceremony(button).catch(() => {
      trouble.hidden = button.disabled = false;
      trouble.focus();
    });
  });
}
