using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Sessions;

/// <summary>The constants of a graph that lie in files beside it, mapped. Must outlive the session that uses them.</summary>
internal sealed partial class MappedConstants : IDisposable
{
    /// <summary>MADV_DONTNEED: the pages leave the process and stay in the cache of the file, from which a later look brings them
    /// back.</summary>
    private const int DontNeed = 4;

    /// <summary>POSIX_FADV_DONTNEED.</summary>
    private const int FileDontNeed = 4;

    /// <summary>Much shorter than ONNX Runtime needs to read the largest matrix.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly Dictionary<string, MemoryMappedViewAccessor> _files = new(StringComparer.Ordinal);
    private readonly List<(string Name, OrtValue Value)> _constants = [];

    /// <param name="path">The graph.</param>
    /// <exception cref="ModelImportException">The graph is damaged, or the files beside it are too short.</exception>
    public static MappedConstants Open(string path)
    {
        var mapped = new MappedConstants();
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            foreach (var tensor in OutsideTensor.ReadAll(File.ReadAllBytes(path)))
            {
                mapped.Add(folder, tensor);
            }

            return mapped;
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    /// <summary>Lets a session use the mapped constants.</summary>
    public void AddTo(SessionOptions options) => _constants.ForEach(constant => options.AddInitializer(constant.Name, constant.Value));

    /// <summary>Gives the pages back again and again until the result is disposed, and at last those of the files' cache too.</summary>
    /// <remarks>On a thread of its own: a timer would wait for the pool, which other work may fill.</remarks>
    public IDisposable GiveBackMeanwhile()
    {
        var repetition = new Repetition(this);
        repetition.Start();
        return repetition;
    }

    public void Dispose()
    {
        _constants.ForEach(constant => constant.Value.Dispose());
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private void Add(string folder, OutsideTensor tensor)
    {
        var path = Path.Combine(folder, tensor.File);
        if (!_files.TryGetValue(path, out var view))
        {
            using var file = MemoryMappedFile.CreateFromFile(
                path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
            _files[path] = view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        }

        if (tensor.Start > view.Capacity - tensor.Bytes)
        {
            throw new ModelImportException($"The file of weights '{tensor.File}' is shorter than the model states.");
        }

        _constants.Add((tensor.Name, OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, tensor.Type, tensor.Shape,
            view.SafeMemoryMappedViewHandle.DangerousGetHandle() + (nint)tensor.Start, tensor.Bytes)));
    }

    private void GiveBack()
    {
        foreach (var file in _files.Values)
        {
            var handle = file.SafeMemoryMappedViewHandle;
            _ = MemoryAdvise(handle.DangerousGetHandle(), (nuint)handle.ByteLength, DontNeed); // a refusal leaves them in memory
        }
    }

    /// <summary>A look at one row of a table maps the pages around it that are in the cache. What nobody maps leaves it: packed weights are
    /// not read again.</summary>
    private void EmptyCache()
    {
        foreach (var path in _files.Keys)
        {
            using var file = File.OpenHandle(path);
            _ = FileAdvise(file, 0, 0, FileDontNeed); // a refusal leaves them in the cache
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int FileAdvise(SafeFileHandle file, long start, long length, int advice);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);

    private sealed class Repetition(MappedConstants constants) : IDisposable
    {
        private readonly ManualResetEventSlim _ended = new();
        private Thread? _thread;

        public void Start()
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "mapped weights" };
            _thread.Start();
        }

        public void Dispose()
        {
            _ended.Set();
            _thread?.Join();
            _ended.Dispose();
        }

        private void Run()
        {
            while (!_ended.Wait(Interval))
            {
                constants.GiveBack();
            }

            constants.GiveBack();
            constants.EmptyCache();
        }
    }
}
