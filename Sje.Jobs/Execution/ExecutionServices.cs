using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>Registers what runs attempts.</summary>
public static class ExecutionServices
{
    /// <summary>
    /// Adds <see cref="EngineHost"/>, <see cref="EngineRegistry"/>, <see cref="AttemptDirectories"/>. The engines themselves are registered as
    /// <see cref="IEngine"/> by others.
    /// </summary>
    public static IServiceCollection AddSjeExecution(this IServiceCollection services)
    {
        services.AddOptions<ExecutionOptions>().BindConfiguration(ExecutionOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<ExecutionOptions>, ExecutionOptionsValidator>()
        );
        services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>()
        );
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(SelfCommand.OfThisProcess());
        services.TryAddSingleton<ResourceSampler>();
        services.TryAddSingleton<ChildProcess>();
        services.TryAddSingleton<TaskProcess>();
        services.TryAddSingleton<AttemptDirectories>();
        services.TryAddSingleton<ChildEngineHost>();
        services.TryAddSingleton<EngineRegistry>();
        services.TryAddSingleton(provider => new EngineHost(
            provider.GetRequiredService<ChildEngineHost>(),
            provider.GetRequiredService<ILogger<EngineHost>>()
        ));
        services.AddHostedService<AttemptDirectorySweep>();
        return services;
    }
}
