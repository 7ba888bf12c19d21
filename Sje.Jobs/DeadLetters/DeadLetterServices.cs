using Microsoft.Extensions.DependencyInjection;

namespace Sje.Jobs.DeadLetters;

/// <summary>Registers what is about dead letters. Needs the queue core.</summary>
public static class DeadLetterServices
{
    /// <summary>Reads them, and begins operations on them.</summary>
    public static IServiceCollection AddSjeDeadLetters(this IServiceCollection services)
    {
        services.AddSingleton<DeadLetterReader>();
        services.AddSingleton<DeadLetterControl>();
        services.AddSingleton<OperationStore>();
        return services;
    }

    /// <summary>Works operations off, in every process.</summary>
    public static IServiceCollection AddSjeOperations(this IServiceCollection services) =>
        services.AddHostedService<OperationRunner>();
}
