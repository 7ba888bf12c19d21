using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Sje.Tests.Support;

/// <summary>A server for tasks to talk to, on loopback, that keeps what it was asked.</summary>
internal sealed class HttpTarget : IAsyncDisposable
{
    private readonly WebApplication app;

    private HttpTarget(WebApplication app) => this.app = app;

    public string Address => app.Urls.First().Replace("localhost", "127.0.0.1", StringComparison.Ordinal);

    /// <summary>What came, in order: method, path with query as it was sent, headers, body.</summary>
    public ConcurrentQueue<(string Method, string Path, IHeaderDictionary Headers, string Body)> Requests { get; } =
        new();

    /// <summary>Completes when a request that <see cref="HoldAsync"/> holds was given up by its sender.</summary>
    public TaskCompletionSource GivenUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<HttpTarget> StartAsync(Func<HttpTarget, HttpContext, Task> answer, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var target = new HttpTarget(app);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            target.Requests.Enqueue(
                (
                    context.Request.Method,
                    context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
                    new HeaderDictionary(context.Request.Headers.ToDictionary()),
                    await reader.ReadToEndAsync()
                )
            );
            await answer(target, context);
        });
        await app.StartAsync();
        return target;
    }

    /// <summary>Answers nothing for as long as the sender waits.</summary>
    public async Task HoldAsync(HttpContext context)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            GivenUp.TrySetResult();
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
