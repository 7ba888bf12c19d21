using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Sje.Tests.Support;

/// <summary>
/// A route to a server that loses answers: what was asked is done, and then the connection breaks instead of telling. Everything else passes through.
/// </summary>
internal sealed class LossyRoute : IAsyncDisposable
{
    private static readonly string[] OfTheConnection = ["Connection", "Keep-Alive", "Transfer-Encoding", "Host"];

    private readonly WebApplication app;
    private readonly HttpClient onward;
    private readonly Uri target;
    private readonly Func<string, string, bool> loses;
    private readonly string? certificateFile;
    private int left;

    private LossyRoute(
        WebApplication app,
        HttpClient onward,
        Uri target,
        Func<string, string, bool> loses,
        int times,
        string? certificateFile
    ) =>
        (this.app, this.onward, this.target, this.loses, left, this.certificateFile) = (
            app,
            onward,
            target,
            loses,
            times,
            certificateFile
        );

    /// <summary>Where it listens.</summary>
    public string Address => app.Urls.First();

    /// <summary>The authority of its certificate, where the target has TLS.</summary>
    public string CertificateFile => certificateFile ?? throw new InvalidOperationException("The route has no TLS.");

    /// <summary>How many answers are still to be lost.</summary>
    public int Left => Math.Max(0, Volatile.Read(ref left));

    /// <summary>Opens a route.</summary>
    /// <param name="target">The server.</param>
    /// <param name="loses">Says of a method and a path with its query whether the answer is to be lost.</param>
    /// <param name="times">How many answers get lost.</param>
    /// <param name="authority">The file with the target's certificate authority, where it has TLS; then the route has TLS too.</param>
    public static async Task<LossyRoute> OpenAsync(
        Uri target,
        Func<string, string, bool> loses,
        int times = 1,
        string? authority = null
    )
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        string? certificateFile = null;
        if (authority is null)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(authority);
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(certificates);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
            var own = OwnCertificate();
            certificateFile = Path.GetTempFileName();
            await File.WriteAllTextAsync(certificateFile, own.ExportCertificatePem());
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(own))
            );
        }

        var app = builder.Build();
        var route = new LossyRoute(app, new HttpClient(handler), target, loses, times, certificateFile);
        app.Run(route.PassAsync);
        await app.StartAsync();
        return route;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        onward.Dispose();
        if (certificateFile is not null)
        {
            File.Delete(certificateFile);
        }
    }

    private async Task PassAsync(HttpContext context)
    {
        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(target.GetLeftPart(UriPartial.Authority) + path)
        );
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            if (
                !name.StartsWith(':')
                && !OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !request.Headers.TryAddWithoutValidation(name, values.AsEnumerable())
                && name != "Content-Length"
            )
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        using var answer = await onward.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            context.RequestAborted
        );
        if (loses(request.Method.Method, path) && Interlocked.Decrement(ref left) >= 0)
        {
            // To its end: what was asked is done.
            await answer.Content.ReadAsByteArrayAsync();
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static X509Certificate2 OwnCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=lossy", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
