using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Sje.Web.Api.Problems;
using Sje.Web.Links;

namespace Sje.Web.Hosting;

/// <summary>
/// Serves the built pages. Files are sent as they were compressed at build time; what has its content's hash in its name is kept by browsers for
/// a year, the document never. Addresses of pages get the document; an unknown address below another root of the server stays a problem
/// document, so that no program ever gets a page for data.
/// </summary>
internal static class BuiltPages
{
    public const string Document = "/index.html";

    /// <summary>What the document may load and do: its own files, and nothing that was not built.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'";

    public const string NotBuilt =
        "The pages are not built: there is no wwwroot/index.html. './sje' builds them where Node.js 20.19 or newer is; the API, /docs and /hangfire work without.";

    private static readonly string[] Pages =
    [
        "/ops",
        "/executions",
        "/jobs",
        "/schedules",
        "/queues",
        "/workers",
        "/dead-letters",
        "/settings",
        OwnPages.SignIn,
    ];

    private static readonly string[] Others =
    [
        "/api",
        "/task",
        "/tasks",
        "/health",
        "/mgmt",
        "/metrics",
        "/hangfire",
        "/docs",
        "/openapi",
        "/signin",
        "/assets",
    ];

    private static readonly (string Coding, string Suffix)[] Codings = [("br", ".br"), ("gzip", ".gz")];

    /// <summary>Whether they are there.</summary>
    public static bool AreIn(IWebHostEnvironment environment) =>
        environment.WebRootFileProvider.GetFileInfo(Document).Exists;

    /// <summary>Puts them before the routes; where they are missing, says so to who asks for one.</summary>
    public static void Use(WebApplication app)
    {
        var built = app.Services.GetRequiredService<OwnPages>().AreBuilt;
        app.MapGet("/", () => Results.Redirect(built ? ExecutionLinks.Home : "/docs"))
            .AllowAnonymous()
            .ExcludeFromDescription();
        if (!built)
        {
            HostingLog.PagesNotBuilt(app.Logger, NotBuilt);
            app.Use(
                (context, next) =>
                    context.GetEndpoint() is null && IsOurPage(context.Request)
                        ? new Refusal(ProblemKind.NotFound, NotBuilt).ExecuteAsync(context)
                        : next(context)
            );
            return;
        }

        var files = app.Environment.WebRootFileProvider;
        app.Use(
            (context, next) =>
            {
                if (context.GetEndpoint() is null && IsRead(context.Request))
                {
                    var request = context.Request;
                    if (IsOurPage(request) || IsUnknownPage(request))
                    {
                        context.Items[typeof(BuiltPages)] = IsOurPage(request);
                        request.Path = Document;
                    }

                    request.Path = Compressed(files, request);
                }

                return next(context);
            }
        );
        app.UseStaticFiles(
            new StaticFileOptions { ContentTypeProvider = new InnerTypes(), OnPrepareResponse = Prepare }
        );
    }

    private static bool IsRead(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private static bool WantsPage(HttpRequest request) =>
        IsRead(request) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    // Names of jobs may have dots, so a dot makes no file of these.
    private static bool IsOurPage(HttpRequest request) =>
        WantsPage(request) && Pages.Any(page => request.Path.StartsWithSegments(page));

    private static bool IsUnknownPage(HttpRequest request) =>
        WantsPage(request)
        && !Path.HasExtension(request.Path.Value)
        && !Others.Any(other => request.Path.StartsWithSegments(other));

    // The best form of a file that the client takes and the build made.
    private static PathString Compressed(IFileProvider files, HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        var accepted = request.Headers.AcceptEncoding.ToString();
        foreach (var (coding, suffix) in Codings)
        {
            if (
                accepted.Contains(coding, StringComparison.OrdinalIgnoreCase) && files.GetFileInfo(path + suffix).Exists
            )
            {
                return path + suffix;
            }
        }

        return request.Path;
    }

    private static void Prepare(StaticFileResponseContext file)
    {
        var (context, name) = (file.Context, file.File.Name);
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.Vary = "Accept-Encoding";
        if (Codings.FirstOrDefault(c => name.EndsWith(c.Suffix, StringComparison.Ordinal)).Coding is { } coding)
        {
            headers.ContentEncoding = coding;
        }

        headers.CacheControl = context.Request.Path.StartsWithSegments("/assets")
            ? "public, max-age=31536000, immutable"
            : "no-cache";
        if (context.Request.Path.Value?.StartsWith(Document, StringComparison.Ordinal) == true)
        {
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers["Referrer-Policy"] = "same-origin";
            if (context.Items[typeof(BuiltPages)] is false && context.Response.StatusCode == StatusCodes.Status200OK)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        }
    }

    /// <summary>The type of what is inside a compressed file.</summary>
    private sealed class InnerTypes : IContentTypeProvider
    {
        private readonly FileExtensionContentTypeProvider types = new();

        public bool TryGetContentType(
            string subpath,
            [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out string contentType
        )
        {
            var suffix = Codings.FirstOrDefault(c => subpath.EndsWith(c.Suffix, StringComparison.Ordinal)).Suffix;
            var found = types.TryGetContentType(suffix is null ? subpath : subpath[..^suffix.Length], out contentType);
            if (found && contentType is "text/html" or "text/javascript" or "text/css")
            {
                contentType += "; charset=utf-8";
            }

            return found;
        }
    }
}
