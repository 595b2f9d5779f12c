using Tollgate.Contracts.Datasets;

namespace Tollgate.Learning.Inspection;

/// <summary>Checks training files and batches line by line; files of other purposes are taken as they are.</summary>
internal sealed class DatasetInspector : IFileInspector
{
    public async Task<FileReport> InspectAsync(string purpose, Stream content, CancellationToken cancellationToken)
    {
        if (DatasetPurposes.Find(purpose) is not { } known || known is not (DatasetPurpose.FineTune or DatasetPurpose.Batch))
        {
            return FileReport.Sound;
        }

        var report = await DatasetReader.For(known).ReadAsync(content, cancellationToken);
        return new FileReport([.. report.Faults.Select(fault => $"Line {fault.Line}, column {fault.Column}: {fault.Message}")])
        {
            Count = report.FaultCount,
        };
    }
}
