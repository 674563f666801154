package mtspace.runtime;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;

/** Keeps texts in a folder, a file each; one that is written is there whole or as it was before. */
public final class FileStorage implements Storage {
  private final File folder;

  /**
   * Makes a storage.
   *
   * @param folder of the app alone, such as Android's {@code getFilesDir()}; made if need be
   */
  public FileStorage(File folder) {
    this.folder = folder;
  }

  @Override
  public synchronized String get(String key) throws IOException {
    File file = file(key);
    if (!file.exists()) return null;
    InputStream input = new FileInputStream(file);
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      byte[] buffer = new byte[8192];
      for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
        bytes.write(buffer, 0, read);
      }
      return bytes.toString("UTF-8");
    } finally {
      input.close();
    }
  }

  @Override
  public synchronized void set(String key, String text) throws IOException {
    if (!folder.isDirectory() && !folder.mkdirs() && !folder.isDirectory()) {
      throw new IOException("cannot make the folder");
    }
    File file = file(key);
    File written = new File(folder, file.getName() + ".new");
    FileOutputStream output = new FileOutputStream(written);
    try {
      output.write(text.getBytes("UTF-8"));
      output.getFD().sync();
    } finally {
      output.close();
    }
    // Windows does not rename to a file that is there.
    if (!written.renameTo(file) && !(file.delete() && written.renameTo(file))) {
      throw new IOException("cannot replace a file");
    }
  }

  @Override
  public synchronized void remove(String key) throws IOException {
    File file = file(key);
    if (file.exists() && !file.delete()) throw new IOException("cannot delete a file");
  }

  private File file(String key) throws IOException {
    return new File(folder, URLEncoder.encode(key, "UTF-8"));
  }
}
