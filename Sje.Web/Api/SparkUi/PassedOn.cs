using Microsoft.Net.Http.Headers;

namespace Sje.Web.Api.SparkUi;

/// <summary>
/// What of a request goes on to a driver, and what of its answer comes back. The driver is a program of some user: it sees nobody's key or cookie,
/// and sets none.
/// </summary>
internal static class PassedOn
{
    private static readonly string[] Asked =
    [
        HeaderNames.Accept,
        HeaderNames.AcceptLanguage,
        HeaderNames.IfModifiedSince,
        HeaderNames.IfNoneMatch,
    ];

    /// <summary>Of an answer.</summary>
    public static IReadOnlyList<string> Answered { get; } =
    [
        HeaderNames.CacheControl,
        HeaderNames.ContentDisposition,
        HeaderNames.ETag,
        HeaderNames.Expires,
        HeaderNames.LastModified,
        HeaderNames.XContentTypeOptions,
        HeaderNames.XFrameOptions,
    ];

    /// <summary>Of a request.</summary>
    public static IReadOnlyDictionary<string, string> Of(IHeaderDictionary headers) =>
        Asked.Where(headers.ContainsKey).ToDictionary(name => name, name => headers[name].ToString());
}
