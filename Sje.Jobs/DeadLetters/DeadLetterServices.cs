using Microsoft.Extensions.DependencyInjection;

namespace Sje.Jobs.DeadLetters;

/// <summary>Registers what is about dead letters. Needs the queue core.</summary>
public static class DeadLetterServices
{
    /// <summary>Reads them, and changes single ones.</summary>
    public static IServiceCollection AddSjeDeadLetters(this IServiceCollection services)
    {
        services.AddSingleton<DeadLetterReader>();
        services.AddSingleton<DeadLetterControl>();
        return services;
    }
}
