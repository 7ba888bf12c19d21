using Sje.Web.Links;

namespace Sje.Web.Api.Auth;

/// <summary>
/// Metadata of pages that people open in a browser: who comes without a key is led to a page that asks for one, where a program would
/// get a plain 401.
/// </summary>
internal sealed class SignInByPage
{
    /// <summary>Where the key is asked for by a server without our pages; with them it leads to theirs.</summary>
    public const string Path = "/signin";

    /// <summary>The query parameter that says where to go then: a path of this server.</summary>
    public const string Target = "to";

    /// <summary>Whether a request came from somebody who opens a page.</summary>
    public static bool Wants(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method)
        && context.GetEndpoint()?.Metadata.GetMetadata<SignInByPage>() is not null
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where such a request is led to.</summary>
    public static string AddressFor(HttpRequest request) =>
        AddressFor(request, $"{request.PathBase}{request.Path}{request.QueryString}");

    /// <summary>Where who wants to get to a target is asked for a key.</summary>
    public static string AddressFor(HttpRequest request, string target) =>
        $"{(HasOwn(request) ? OwnPages.SignIn : Path)}?{Target}={Uri.EscapeDataString(target)}";

    /// <summary>Whether our pages ask for the key.</summary>
    public static bool HasOwn(HttpRequest request) =>
        request.HttpContext.RequestServices.GetService<OwnPages>() is { AreBuilt: true };

    /// <summary>The target, if it is a path of this server and nothing else, so that the page leads nobody astray.</summary>
    public static string TargetOf(string? given) =>
        given is ['/', ..] and not ['/', '/' or '\\', ..] && !given.Any(char.IsControl) ? given : "/";
}
