/** A plain form; it works without a script. */
export function loginPage(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Log in · Esteira</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 20rem; margin: 15vh auto; padding: 0 1rem }
label { display: block; margin: 1rem 0 }
input, button { font: inherit; width: 100%; padding: .5rem; box-sizing: border-box }
</style>
<h1>Esteira</h1>
<form method="post" action="/login">
<label>Name <input name="name" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</html>
`
}
