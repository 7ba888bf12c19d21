using Microsoft.Extensions.DependencyInjection;

namespace Sje.Jobs.Operations;

/// <summary>Registers what is about operations. Needs the queue core and the readers of the storage.</summary>
public static class OperationServices
{
    /// <summary>Begins operations, and works them off, in every process.</summary>
    public static IServiceCollection AddSjeOperations(this IServiceCollection services)
    {
        services.AddSingleton<OperationStore>();
        return services.AddHostedService<OperationRunner>();
    }
}
