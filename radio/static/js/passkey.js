// Asks the device for a passkey and sends its answer with the form. Forms wear data-passkey="create" or "get".
// Source: Web Authentication Level 2 §5.1.3, §5.1.4.

/** @param {string} text base64url */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer | null} buffer */
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer || []))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** @param {{id: string}[]} listed */
const described = (listed) => (listed || []).map((one) => ({ ...one, id: bytes(one.id) }));

/** A new passkey, in the words the server reads. */
async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  const { response } = made;
  return {
    ...basics(made),
    response: {
      attestationObject: text(response.attestationObject),
      clientDataJSON: text(response.clientDataJSON),
      transports: response.getTransports ? response.getTransports() : [],
    },
    extensions: JSON.stringify(made.getClientExtensionResults()),
  };
}

/** The proof that somebody holds a passkey. */
async function get(options) {
  const shown = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: described(options.allowCredentials) },
  });
  const { response } = shown;
  return {
    ...basics(shown),
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

const basics = (credential) => ({ id: credential.id, rawId: text(credential.rawId), type: credential.type });

/** @param {HTMLFormElement} form */
async function ask(form) {
  const [says, failed, again] = ["says", "failed", "again"].map((part) => form.querySelector(`[data-passkey-${part}]`));
  says.hidden = false;
  failed.hidden = again.hidden = true;
  try {
    const options = JSON.parse(form.dataset.options);
    const credential = await (form.dataset.passkey === "create" ? create(options) : get(options));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch {
    says.hidden = true;
    failed.hidden = again.hidden = false;
    again.focus();
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.querySelector("[data-passkey-again]").addEventListener("click", () => ask(form));
  ask(form);
}
