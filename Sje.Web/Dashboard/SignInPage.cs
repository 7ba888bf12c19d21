using Sje.Web.Api.Auth;

namespace Sje.Web.Dashboard;

/// <summary>
/// Asks a person for a key, where the server wants one and has no built pages that do: the browser then holds it in a cookie that no script can read
/// (<c>POST /api/v1/session</c>).
/// </summary>
internal static class SignInPage
{
    private const string Head = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="none">
        <title>Sign in – SJE</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0; }
        form { width: min(26rem, 90vw); }
        input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin-top: .5rem; }
        #fault { color: #b3261e; min-height: 1.5em; }
        </style>
        </head>
        <body>
        """;

    private const string Foot = """
        <h1>SJE</h1>
        <label for="key">This server asks for a key. An administrator makes one with <code>sje keys create</code>.</label>
        <input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
        <button type="submit">Sign in</button>
        <p id="fault" role="alert"></p>
        </form>
        <script>
        const form = document.getElementById('form'), fault = document.getElementById('fault');
        form.addEventListener('submit', async event => {
          event.preventDefault();
          fault.textContent = '';
          try {
            const answer = await fetch('/api/v1/session', {
              method: 'POST',
              headers: { 'Content-Type': 'application/json', 'X-Sje-Request': '1' },
              body: JSON.stringify({ key: form.key.value.trim() }),
            });
            if (answer.ok) { location.replace(form.dataset.target); return; }
            fault.textContent = (await answer.json()).detail || answer.statusText;
          } catch (error) {
            fault.textContent = 'The server does not answer.';
          }
        });
        </script>
        </body>
        </html>
        """;

    /// <summary>Maps the page.</summary>
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet(SignInByPage.Path, (HttpContext context) => Present(context))
            .AllowAnonymous()
            .ExcludeFromDescription();

    private static IResult Present(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        var target = SignInByPage.TargetOf(context.Request.Query[SignInByPage.Target]);
        if (SignInByPage.HasOwn(context.Request))
        {
            return Results.Redirect(SignInByPage.AddressFor(context.Request, target));
        }

        var html = new HtmlText()
            .Raw(Head)
            .Raw("\n<form id=\"form\" data-target=\"")
            .Text(target)
            .Raw("\">\n")
            .Raw(Foot)
            .ToString();
        return Results.Content(html, "text/html; charset=utf-8");
    }
}
