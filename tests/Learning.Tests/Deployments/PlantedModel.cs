using System.Formats.Tar;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Tests.Deployments;

/// <summary>A trained model as a job leaves it at Learning: sealed, with its row.</summary>
internal sealed record PlantedModel
{
    public required string Name { get; init; }

    public string BaseModel { get; init; } = "lstm";

    public string? Suffix { get; init; }

    public double Accuracy { get; init; } = 0.9;

    public double MacroF1 { get; init; } = 0.85;

    /// <summary>JSON of the trainer's report.</summary>
    public string Evaluation { get; init; } = """{"evaluation":{"roc_auc":0.95}}""";

    /// <summary>The content; what a trainer sends is a tar.</summary>
    public byte[] Tar { get; init; } = [1, 2, 3];

    /// <summary>A tar of the files of a folder, without the folder.</summary>
    public static async Task<byte[]> TarOfAsync(string folder)
    {
        using var tar = new MemoryStream();
        await TarFile.CreateFromDirectoryAsync(folder, tar, includeBaseDirectory: false);
        return tar.ToArray();
    }

    /// <summary>Makes it a model of the caller's project.</summary>
    public async Task AddAsync(WebApplication learning, FileCaller caller)
    {
        await using var writer = await learning.Services.GetRequiredService<ContentStore>().CreateAsync(default);
        await writer.WriteAsync(Tar, default);
        var content = await writer.FinishAsync(default);
        await using var connection = await learning.Services.GetRequiredService<NpgsqlDataSource>().OpenForAllAsync(default);
        var job = await AddJobAsync(connection, caller);
        await connection.ExecuteAsync(
            """
            insert into tuned_models (
              name, organization_id, project_id, base_model, job_id, suffix, method, labels, blob_id, wrapped_key, bytes, sha256,
              evaluation, accuracy, macro_f1, created_at)
            values ($1, $2, $3, $4, $5, $6, 'lstm', '["bad","good"]', $7, $8, $9, $10, $11, $12, $13, now())
            """,
            default, Name, caller.OrganizationId, caller.ProjectId, BaseModel, job, Suffix, content.Blob, content.WrappedKey, content.Bytes,
            Convert.ToHexStringLower(content.Sha256), Evaluation, Accuracy, MacroF1);
    }

    /// <summary>A job that has succeeded.</summary>
    private static async Task<Guid> AddJobAsync(NpgsqlConnection connection, FileCaller caller)
    {
        var job = Guid.NewGuid();
        await connection.ExecuteAsync(
            """
            insert into jobs (
              organization_id, project_id, id, key_id, key_public_id, model, training_file_id, numbers, status, fine_tuned_model, cost,
              created_at, finished_at)
            values ($1, $2, $3, $4, 'key', 'lstm', $3, '{"method":"lstm","seed":7}', 'succeeded', 'planted', 0, now(), now())
            """,
            default, caller.OrganizationId, caller.ProjectId, job, caller.KeyId);
        return job;
    }
}
