using Microsoft.Extensions.DependencyInjection;

namespace Sje.Jobs.Observers;

/// <summary>Registers the feeds that live pages hang on.</summary>
public static class ObserverServices
{
    /// <summary>Adds them over the readers of storage.</summary>
    public static IServiceCollection AddSjeFeeds(this IServiceCollection services)
    {
        services.AddSingleton<EventFeed>();
        services.AddSingleton<LogFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<EventFeed>());
        services.AddHostedService(provider => provider.GetRequiredService<LogFeed>());
        return services;
    }
}
