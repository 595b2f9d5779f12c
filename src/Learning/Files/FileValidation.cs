using Tollgate.Contracts.Datasets;
using Tollgate.Learning.Contents;

namespace Tollgate.Learning.Files;

/// <summary>
/// Checks a stored file again and reports everything: <c>status_details</c> holds the first faults only, and no report is kept.
/// </summary>
internal sealed class FileValidation(ContentStore contents)
{
    private const int MostListed = 10_000;

    /// <summary>Reads the content once.</summary>
    /// <exception cref="DamagedContentException">It does not open.</exception>
    public async Task<DatasetReport> ReportAsync(StoredFile file, CancellationToken cancellationToken)
    {
        var reader = DatasetPurposes.Find(file.Purpose) switch
        {
            DatasetPurpose.FineTune => DatasetReader.ForExamples(DatasetLimits.Examples with { MaxListedFaults = MostListed }),
            DatasetPurpose.Batch => DatasetReader.ForBatch(DatasetLimits.Batch with { MaxListedFaults = MostListed }),
            _ => DatasetReader.For(DatasetPurpose.UserData),
        };
        await using var content = await contents.OpenAsync(file.Blob, file.WrappedKey, file.Bytes, 0, cancellationToken);
        return await reader.ReadAsync(content, cancellationToken);
    }
}
