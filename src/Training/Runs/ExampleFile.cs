using Tollgate.Contracts.Datasets;

namespace Tollgate.Training.Runs;

/// <summary>The rows of a training file, and what was found in it.</summary>
internal sealed record ExampleFile(IReadOnlyList<Example> Rows, DatasetReport Report)
{
    private const int MostFaults = 3;

    /// <param name="member">Name of the file in the API.</param>
    /// <exception cref="TrainingException">The file cannot be read, or has faults.</exception>
    public static async Task<ExampleFile> ReadAsync(string path, string member, CancellationToken cancellationToken)
    {
        var rows = new List<Example>();
        try
        {
            await using var file = File.OpenRead(path);
            var report = await DatasetReader.ForExamples(onExample: rows.Add).ReadAsync(file, cancellationToken);
            if (!report.IsAccepted)
            {
                var faults = report.Faults.Take(MostFaults).Select(fault => $"Line {fault.Line}: {fault.Message}");
                throw new TrainingException(
                    $"'{Path.GetFileName(path)}' has {report.FaultCount} faults. {string.Join(' ', faults)}") { Param = member };
            }

            return new ExampleFile(rows, report);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"'{path}' cannot be read: {exception.Message}", exception);
        }
    }
}
