using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Learning.Claims;

namespace Tollgate.Learning.Batches;

/// <summary>Registers batches and their runner.</summary>
internal static class BatchesSlice
{
    /// <summary>Section <c>Batches</c>.</summary>
    public static WebApplicationBuilder AddBatches(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<BatchOptions>, BatchOptionsValidator>();
        services.AddOptions<BatchOptions>().BindConfiguration(BatchOptions.Section).ValidateOnStart();
        services.AddSingleton<BatchTable>();
        services.AddSingleton<BatchDesk>();
        services.AddSingleton(provider => new Claims<Batch>(
            provider.GetRequiredService<NpgsqlDataSource>(), BatchProgress.Table,
            provider.GetRequiredService<IOptions<BatchOptions>>().Value.Lease, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<BatchProgress>();
        services.AddSingleton<BatchValidation>();
        services.AddSingleton<InputReader>();
        services.AddSingleton<LineSender>();
        services.AddSingleton<LineSlots>();
        services.AddSingleton<AnswerKeeping>();
        services.AddSingleton<BatchFinish>();
        services.AddSingleton<RunParts>();
        services.AddSingleton<BatchRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchRunner>());
        services.AddSingleton<BatchCosts>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchCosts>());
        return builder;
    }
}
