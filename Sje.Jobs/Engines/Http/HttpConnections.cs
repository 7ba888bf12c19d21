using System.Net;
using System.Net.Http.Headers;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Http;

/// <summary>
/// Sends the requests of all tasks of this worker over one pool of connections, and follows redirects: at most ten, never from https to
/// http nor away from HTTP. The task's headers are not sent to another host, and a body that would have to go there is not sent at all: they were
/// meant for the first.
/// </summary>
internal sealed class HttpConnections : IDisposable
{
    private const int MostRedirects = 10;

    private readonly HttpMessageInvoker client = new(
        new SocketsHttpHandler
        {
            // Another address behind a name is noticed after this.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectTimeout = TimeSpan.FromSeconds(30),
            AutomaticDecompression = DecompressionMethods.All,
            AllowAutoRedirect = false,
            // The cookies of one task are nobody else's.
            UseCookies = false,
        }
    );

    /// <summary>The answer, its body not yet read.</summary>
    /// <exception cref="HttpRequestException">No answer came.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpSettings settings, CancellationToken stop)
    {
        var (method, url, withBody, withHeaders) = (settings.Method, settings.Url, true, true);
        for (var redirects = 0; ; redirects++)
        {
            using var request = Request(settings, method, url, withBody, withHeaders);
            var response = await client.SendAsync(request, stop);
            var status = (int)response.StatusCode;
            if (settings.Names(status) || Target(response, url) is not { } target || redirects == MostRedirects)
            {
                return response;
            }

            // RFC 9110, section 15.4: only 307 and 308 repeat the request as it was.
            if ((status == 303 && method != "HEAD") || (status is 301 or 302 && method == "POST"))
            {
                (method, withBody) = ("GET", false);
            }

            if (!SameOrigin(url, target))
            {
                if (withBody && settings.Body is not null)
                {
                    return response;
                }

                withHeaders = false;
            }

            response.Dispose();
            url = target;
        }
    }

    public void Dispose() => client.Dispose();

    private static bool SameOrigin(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase)
        == 0;

    private static HttpRequestMessage Request(
        HttpSettings settings,
        string method,
        Uri url,
        bool withBody,
        bool withHeaders
    )
    {
        var request = new HttpRequestMessage(new HttpMethod(method), url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (withBody && settings.Body is { } body)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(settings.BodyType);
        }

        if (withHeaders)
        {
            foreach (var (name, value) in settings.Headers)
            {
                if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
                {
                    request.Content?.Headers.Remove(name);
                    request.Content?.Headers.TryAddWithoutValidation(name, value);
                }
                else
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }
        }

        if (!request.Headers.NonValidated.Contains("User-Agent"))
        {
            request.Headers.TryAddWithoutValidation("User-Agent", "sje");
        }

        return request;
    }

    private static Uri? Target(HttpResponseMessage response, Uri url)
    {
        if (
            (int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)
            || response.Headers.Location is not { } location
        )
        {
            return null;
        }

        return
            Uri.TryCreate(url, location, out var target)
            && HttpTaskType.IsHttp(target)
            && (url.Scheme != Uri.UriSchemeHttps || target.Scheme == Uri.UriSchemeHttps)
            ? target
            : null;
    }
}
