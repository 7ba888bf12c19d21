using System.Globalization;
using System.Net;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api.SparkUi;

/// <summary>Why there is no page: for a browser in words on a page that looks again by itself, for a program as a problem document.</summary>
internal sealed class PageProblem(Refusal refusal, string why) : IResult
{
    /// <summary>When to look again.</summary>
    public static TimeSpan Again { get; } = TimeSpan.FromSeconds(3);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!httpContext.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            return refusal.ExecuteAsync(httpContext);
        }

        var response = httpContext.Response;
        response.StatusCode = refusal.Kind.Status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        var look = "";
        if (refusal.RetryAfter is { } wait)
        {
            var seconds = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            response.Headers.RetryAfter = seconds;
            look = $"<meta http-equiv=\"refresh\" content=\"{seconds}\">";
        }

        return response.WriteAsync(
            $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="none">
            {{look}}
            <title>Spark's pages – SJE</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
            </style>
            </head>
            <body>
            <h1>{{(look.Length > 0 ? "Not there yet" : "Nothing to show")}}</h1>
            <p>{{WebUtility.HtmlEncode(why)}}</p>
            {{(look.Length > 0 ? "<p>This page looks again by itself.</p>" : "")}}
            </body>
            </html>
            """,
            httpContext.RequestAborted
        );
    }
}
