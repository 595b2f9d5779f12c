using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Storage;

/// <summary>Registers the store that the operator chose.</summary>
internal static class StorageSlice
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        services.AddSingleton<IBlobStore>(provider => provider.GetRequiredService<IOptions<StorageOptions>>() switch
        {
            { Value.Bucket.Length: > 0 } bucket => new BucketStore(bucket),
            var folder => new FolderStore(folder),
        });
        return services;
    }
}
